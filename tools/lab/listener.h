// What the nodes of a lab do, heard from their tapes while they are written: each is played to an engine of
// our own, whose journal is thus the node's, and whose effects must be the node's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/live/tape.h"

namespace fencepost::lab {

class Listener {
 public:
  using Take = std::function<void(backend::Record)>;  // with the tape's own times; not in order across nodes

  // An agent at work.
  struct Busy {
    SimTime since;
    std::string resource, action;
  };

  Listener(std::string directory, std::vector<std::string> names, Take take);

  // What to add to the times of a node's tapes: its clock may have begun elsewhere.
  void set_clock(std::size_t node, Duration offset) { ears_[node].clock = offset; }
  // All that was written since the last call.
  void listen();
  // The machine lost power: the life that it lived is over.
  void died(std::size_t node);

  // When the last agent of those that began less than `at_most` ago did; nothing: none is at work.
  std::optional<SimTime> busy_since(SimTime now, Duration at_most) const;
  bool is_up(std::size_t node) const { return ears_[node].up; }

  struct Tape {
    std::string node;
    int life = 0;
    std::string path;
    std::uint64_t steps = 0, different = 0;
  };
  // So far; one entry a life.
  std::vector<Tape> tapes() const;
  // What went wrong in playing: a tape that is none.
  const std::vector<std::string>& troubles() const { return troubles_; }

 private:
  struct Ear {
    int life = -1;
    std::uint64_t read = 0;  // bytes
    live::TapePlayer player;
    Duration clock{};
    bool up = false;
    bool deaf = false;
    std::map<node::CallId, Busy> busy;
    std::uint64_t exits_read = 0;
  };

  std::string path_of(std::size_t node, int life) const;
  bool open_next(std::size_t node);
  void play(std::size_t node);
  void follow_agents(Ear& ear, const node::Effects& effects, SimTime at);
  void hear_exits(std::size_t node);
  void end_of_life(std::size_t node, SimTime at, const std::string& why);

  std::string directory_;
  std::vector<std::string> names_;
  Take take_;
  std::vector<Ear> ears_;
  std::vector<Tape> past_;
  std::vector<std::string> troubles_;
};

}  // namespace fencepost::lab
