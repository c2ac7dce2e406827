#include <memory>

#include "engine/node/node.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

class RealEngine final : public Engine {
 public:
  explicit RealEngine(const node::NodeOptions& options) : node_(options) {}

  const node::Effects& step(node::Now now, const node::Event& event) override {
    return node_.step(now, event);
  }
  const cib::Cib* cib() const override { return &node_.cib(); }
  bool is_dc() const override { return node_.is_dc(); }

 private:
  node::Node node_;
};

}  // namespace

EngineFactory real_engines() {
  return [](const node::NodeOptions& options) { return std::make_unique<RealEngine>(options); };
}

}  // namespace fencepost::models
