// A node of a cluster of engines, as control sees it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/backend/tiny_cluster.h"
#include "engine/live/control/control.h"

namespace fencepost::live {

class ControlledNode final : public Controlled {
 public:
  ControlledNode(backend::TinyCluster& cluster, std::string name)
      : cluster_(cluster), name_(std::move(name)), nodelist_{{"n1", 1}, {"n2", 2}} {}
  const std::string& name() const override { return name_; }
  const node::Nodelist& nodelist() const override { return nodelist_; }
  const cib::Cib& cib() const override { return cluster_.cib(name_); }
  bool is_dc() const override { return cluster_.dc() == name_; }
  WallSeconds wall() const override { return {}; }
  void command(node::Command command) override { cluster_.command(name_, std::move(command)); }
  void attribute(node::AttributeRequested request) override { attributes.push_back(std::move(request)); }

  std::vector<node::AttributeRequested> attributes;  // asked for, in order

 private:
  backend::TinyCluster& cluster_;
  std::string name_;
  node::Nodelist nodelist_;
};

}  // namespace fencepost::live
