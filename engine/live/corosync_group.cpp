#include "engine/live/corosync_group.h"

#include <corosync/cmap.h>
#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "engine/base/assert.h"
#include "engine/live/codec.h"

namespace fencepost::live {
namespace {

constexpr std::string_view kGroupName = "fencepost";
constexpr Duration kTryAgain = 2ms;            // Corosync is busy with a new membership or has no room
constexpr std::size_t kPieceMax = 256 * 1024;  // of a message: others get their turn between two

tl::unexpected<Error> corosync_error(const std::string& what, cs_error_t code, const std::string& remedy) {
  return failure({}, what + ": " + cs_strerror(code) + "; " + remedy);
}

const char* const kIsItRunning =
    "is Corosync running, and may this user talk to it (uidgid in corosync.conf)?";

cpg_name group_name() {
  cpg_name name{};
  name.length = static_cast<std::uint32_t>(kGroupName.size());
  std::memcpy(name.value, kGroupName.data(), kGroupName.size());
  return name;
}

// --- What Corosync knows of names ---

class Map {
 public:
  Map() { opened_ = cmap_initialize(&handle_); }
  ~Map() {
    if (opened_ == CS_OK) cmap_finalize(handle_);
  }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  cs_error_t opened() const { return opened_; }
  std::optional<std::uint32_t> number(const std::string& key) const {
    std::uint32_t value = 0;
    if (cmap_get_uint32(handle_, key.c_str(), &value) != CS_OK) return std::nullopt;
    return value;
  }
  std::string text(const std::string& key) const {
    char* value = nullptr;
    if (cmap_get_string(handle_, key.c_str(), &value) != CS_OK) return "";
    std::string result(value);
    std::free(value);
    return result;
  }

 private:
  cmap_handle_t handle_ = 0;
  cs_error_t opened_ = CS_OK;
};

bool is_address(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos &&
         text.find_first_of(".:") != std::string::npos;
}

}  // namespace

Result<Identity> corosync_identity() {
  const Map map;
  if (map.opened() != CS_OK)
    return corosync_error("Corosync's configuration cannot be read", map.opened(), kIsItRunning);
  Identity identity;
  identity.cluster_name = map.text("totem.cluster_name");
  for (int position = 0;; ++position) {
    const std::string prefix = "nodelist.node." + std::to_string(position) + ".";
    const auto id = map.number(prefix + "nodeid");
    if (!id) break;
    std::string name = map.text(prefix + "name");
    if (name.empty() && !is_address(map.text(prefix + "ring0_addr"))) name = map.text(prefix + "ring0_addr");
    if (name.empty())
      return failure({}, "corosync.conf gives node " + std::to_string(*id) +
                             " no name: write 'name: NAME' into its node section, on all nodes");
    identity.nodelist.push_back({name, *id});
  }
  if (identity.nodelist.empty())
    return failure({}, "corosync.conf has no nodelist: list every node with its nodeid and name");
  std::sort(identity.nodelist.begin(), identity.nodelist.end(),
            [](const auto& a, const auto& b) { return a.corosync_id < b.corosync_id; });
  const auto own = map.number("runtime.votequorum.this_node_id");
  for (std::size_t i = 0; i < identity.nodelist.size(); ++i) {
    if (own == identity.nodelist[i].corosync_id) identity.self = node::NodeId{i};
  }
  if (!identity.self.valid())
    return failure({},
                   "Corosync does not say which node of its nodelist this is: set quorum.provider to "
                   "corosync_votequorum in corosync.conf");
  return identity;
}

// --- What the libraries call ---

struct CorosyncGroup::Library {
  static CorosyncGroup& group(cpg_handle_t handle) {
    void* context = nullptr;
    HA_ASSERT(cpg_context_get(handle, &context) == CS_OK);
    return *static_cast<CorosyncGroup*>(context);
  }

  static void delivered(cpg_handle_t handle, const cpg_name*, std::uint32_t node, std::uint32_t pid,
                        void* bytes, std::size_t size) {
    group(handle).sequencer_.message({node, pid}, std::string(static_cast<const char*>(bytes), size));
  }

  static void processes(cpg_handle_t handle, const cpg_name*, const cpg_address* members, std::size_t count,
                        const cpg_address*, std::size_t, const cpg_address*, std::size_t) {
    CorosyncGroup& self = group(handle);
    std::vector<Sender> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back({members[i].nodeid, members[i].pid});
    const Sender own{self.own_id_, static_cast<std::uint32_t>(::getpid())};
    self.joined_ = std::find(list.begin(), list.end(), own) != list.end();
    if (self.joined_) self.loop_.soon([&self] { self.send_pieces(); });
    self.sequencer_.processes(std::move(list));
  }

  static void ring(cpg_handle_t handle, cpg_ring_id id, std::uint32_t count, const std::uint32_t* members) {
    group(handle).sequencer_.ring({id.seq, id.nodeid}, {members, members + count});
  }

  static void quorum(quorum_handle_t handle, std::uint32_t quorate, quorum_ring_id id, std::uint32_t,
                     const std::uint32_t*) {
    const void* context = nullptr;
    HA_ASSERT(quorum_context_get(handle, &context) == CS_OK);
    const_cast<CorosyncGroup*>(
        static_cast<const CorosyncGroup*>(context))  // the library hands pointers on as const
        ->sequencer_.quorum({id.seq, id.nodeid}, quorate != 0);
  }
  static void nodelist(quorum_handle_t, quorum_ring_id, std::uint32_t, const std::uint32_t*, std::uint32_t,
                       const std::uint32_t*, std::uint32_t, const std::uint32_t*) {
  }  // libcpg tells of members
};

// --- Connecting ---

CorosyncGroup::CorosyncGroup(EventLoop& loop, const node::Nodelist& nodelist, Callbacks callbacks)
    : loop_(loop),
      nodelist_(nodelist),
      callbacks_(std::move(callbacks)),
      sequencer_(
          nodelist, [this](node::Event event) { callbacks_.take(std::move(event)); },
          [this](const std::string& text) { callbacks_.complain(text); },
          [this](const std::string& why) { lose(why); }) {}

Result<std::unique_ptr<CorosyncGroup>> CorosyncGroup::connect(EventLoop& loop, const node::Nodelist& nodelist,
                                                              Callbacks callbacks) {
  std::unique_ptr<CorosyncGroup> group(new CorosyncGroup(loop, nodelist, std::move(callbacks)));
  if (const Result<void> opened = group->open(); !opened) return tl::unexpected(opened.error());
  return group;
}

Result<void> CorosyncGroup::open() {
  cpg_model_v1_data_t cpg_model{};
  cpg_model.cpg_deliver_fn = Library::delivered;
  cpg_model.cpg_confchg_fn = Library::processes;
  cpg_model.cpg_totem_confchg_fn = Library::ring;
  cpg_model.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF;
  cs_error_t code =
      cpg_model_initialize(&cpg_, CPG_MODEL_V1, reinterpret_cast<cpg_model_data_t*>(&cpg_model), this);
  if (code != CS_OK) {
    cpg_ = 0;
    return corosync_error("no connection to Corosync's process groups", code, kIsItRunning);
  }
  std::uint32_t own = 0, room = 0;
  if (code = cpg_local_get(cpg_, &own); code != CS_OK)
    return corosync_error("cpg_local_get", code, kIsItRunning);
  if (code = cpg_max_atomic_msgsize_get(cpg_, &room); code != CS_OK)
    return corosync_error("cpg_max_atomic_msgsize_get", code, kIsItRunning);
  own_id_ = own;
  piece_max_ = std::min<std::size_t>(room, kPieceMax);

  quorum_model_v1_data_t quorum_model{};
  quorum_model.model = QUORUM_MODEL_V1;
  quorum_model.quorum_notify_fn = Library::quorum;
  quorum_model.nodelist_notify_fn = Library::nodelist;
  std::uint32_t type = 0;
  code = quorum_model_initialize(&quorum_, QUORUM_MODEL_V1,
                                 reinterpret_cast<quorum_model_data_t*>(&quorum_model), &type, this);
  if (code != CS_OK) {
    quorum_ = 0;
    return corosync_error("no connection to Corosync's quorum service", code, kIsItRunning);
  }
  if (type != QUORUM_SET)
    return failure(
        {}, "Corosync has no quorum provider: set quorum.provider to corosync_votequorum in corosync.conf");
  if (code = quorum_trackstart(quorum_, CS_TRACK_CHANGES | CS_TRACK_CURRENT); code != CS_OK)
    return corosync_error("quorum_trackstart", code, kIsItRunning);

  HA_ASSERT(cpg_fd_get(cpg_, &cpg_fd_) == CS_OK && quorum_fd_get(quorum_, &quorum_fd_) == CS_OK);
  loop_.watch(cpg_fd_, {}, [this](EventLoop::Ready) { dispatch_cpg(); });
  loop_.watch(quorum_fd_, {}, [this](EventLoop::Ready) { dispatch_quorum(); });
  return {};
}

CorosyncGroup::~CorosyncGroup() {
  if (cpg_fd_ >= 0) loop_.unwatch(cpg_fd_);
  if (quorum_fd_ >= 0) loop_.unwatch(quorum_fd_);
  // The process ends; what Corosync thinks of it then shows in the others' membership.
  if (cpg_ != 0) cpg_finalize(cpg_);
  if (quorum_ != 0) quorum_finalize(quorum_);
}

// --- The engine's wishes ---

void CorosyncGroup::join() {
  wants_in_ = true;
  try_join();
}

void CorosyncGroup::try_join() {
  if (!wants_in_ || lost_) return;
  const cpg_name name = group_name();
  const cs_error_t code = cpg_join(cpg_, &name);
  if (code == CS_ERR_TRY_AGAIN) {
    loop_.in(kTryAgain, [this] { try_join(); });
  } else if (code != CS_OK && code != CS_ERR_EXIST) {
    lose(std::string("Corosync is gone: cpg_join: ") + cs_strerror(code));
  }
}

void CorosyncGroup::leave() {
  wants_in_ = joined_ = false;
  outgoing_.clear();
  const cpg_name name = group_name();
  const cs_error_t code = cpg_leave(cpg_, &name);
  // Whoever ends his connection leaves too, and that is what comes next.
  if (code != CS_OK) callbacks_.complain(std::string("cpg_leave: ") + cs_strerror(code));
}

void CorosyncGroup::send(node::MessagePtr message) {
  for (std::string& piece : split(encode(*message, nodelist_), piece_max_))
    outgoing_.push_back(std::move(piece));
  if (!sending_) send_pieces();
}

void CorosyncGroup::send_pieces() {
  sending_ = false;
  while (joined_ && !lost_ && !outgoing_.empty()) {
    iovec part{outgoing_.front().data(), outgoing_.front().size()};
    const cs_error_t code = cpg_mcast_joined(cpg_, CPG_TYPE_AGREED, &part, 1);
    if (code == CS_ERR_TRY_AGAIN) {
      sending_ = true;
      loop_.in(kTryAgain, [this] { send_pieces(); });
      return;
    }
    if (code != CS_OK) {
      lose(std::string("Corosync is gone: cpg_mcast_joined: ") + cs_strerror(code));
      return;
    }
    outgoing_.pop_front();
  }
}

// --- What comes in ---

void CorosyncGroup::dispatch_cpg() {
  const cs_error_t code = cpg_dispatch(cpg_, CS_DISPATCH_ALL);
  if (code != CS_OK && code != CS_ERR_TRY_AGAIN)
    lose(std::string("Corosync is gone: the connection to its process groups: ") + cs_strerror(code));
  deliver_soon();
}

void CorosyncGroup::dispatch_quorum() {
  const cs_error_t code = quorum_dispatch(quorum_, CS_DISPATCH_ALL);
  if (code != CS_OK && code != CS_ERR_TRY_AGAIN)
    lose(std::string("Corosync is gone: the connection to its quorum service: ") + cs_strerror(code));
  deliver_soon();
}

// Events make the engine send, which the libraries would rather not see inside their own callbacks.
void CorosyncGroup::deliver_soon() {
  if (std::exchange(delivering_, true)) return;
  loop_.soon([this] {
    delivering_ = false;
    if (!lost_) sequencer_.deliver();
  });
}

void CorosyncGroup::lose(const std::string& why) {
  if (std::exchange(lost_, true)) return;
  if (cpg_fd_ >= 0) loop_.unwatch(std::exchange(cpg_fd_, -1));
  if (quorum_fd_ >= 0) loop_.unwatch(std::exchange(quorum_fd_, -1));
  loop_.soon([this, why] { callbacks_.lost(why); });
}

}  // namespace fencepost::live
