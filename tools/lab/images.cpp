#include "tools/lab/images.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tools/lab/program.h"

namespace fencepost::lab {
namespace {

constexpr off_t kSize = off_t{400} << 20;  // sparse: what is written counts
constexpr int kTries = 20;

tl::unexpected<Error> no(const std::string& what) { return failure({}, what + ": " + std::strerror(errno)); }

Result<live::Descriptor> attach(const live::Descriptor& image, std::string& path) {
  const live::Descriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return no("/dev/loop-control");
  for (int i = 0; i < kTries; ++i) {  // somebody else may be quicker
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return no("no free loop device");
    path = "/dev/loop" + std::to_string(number);
    live::Descriptor device(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    loop_config config{};
    config.fd = static_cast<__u32>(image.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (device && ::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) return device;
  }
  return no("no loop device can be had");
}

Result<void> run(const std::vector<std::string>& words) {
  const auto done = run_program(words);
  if (!done) return tl::unexpected(done.error());
  return {};
}

// "data /usr/lib/postgresql/15/bin/initdb": a database in this folder of the image.
Result<void> make_database(const std::string& loop, const std::string& where,
                           const std::string& mount_point) {
  std::string folder, initdb;
  std::istringstream(where) >> folder >> initdb;
  ::mkdir(mount_point.c_str(), 0755);
  if (auto done = run({"mount", loop, mount_point}); !done) return done;
  const std::string data = mount_point + "/" + folder;
  auto made = run({"install", "-d", "-o", "postgres", "-m", "700", data});
  if (made)
    made = run({"setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", initdb, "-D", data,
                "-A", "trust", "-N"});
  if (made) {  // clients come over the network
    std::ofstream(data + "/postgresql.conf", std::ios::app) << "listen_addresses = '*'\n";
    std::ofstream(data + "/pg_hba.conf", std::ios::app) << "host all postgres samenet trust\n";
  }
  const auto unmounted = run({"umount", mount_point});
  return made ? unmounted : made;
}

}  // namespace

bool loop_devices_work() { return ::access("/dev/loop-control", R_OK | W_OK) == 0; }

Result<std::unique_ptr<Images>> Images::make(const std::string& directory,
                                             const std::vector<Support::Image>& wanted) {
  auto images = std::make_unique<Images>();
  for (const Support::Image& each : wanted) {
    const std::string number = std::to_string(images->devices_.size()), file = directory + "/image" + number;
    const live::Descriptor image(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!image || ::ftruncate(image.get(), kSize) != 0) return no(file);
    if (auto done = run({"mkfs." + each.fs_type, "-q", file}); !done) return tl::unexpected(done.error());
    std::string loop;
    auto device = attach(image, loop);
    if (!device) return tl::unexpected(device.error());
    struct stat status {};
    if (::fstat(device->get(), &status) != 0) return no(loop);
    images->devices_.push_back({each.device, major(status.st_rdev), minor(status.st_rdev)});
    images->open_.push_back(*std::move(device));
    if (each.pgdata.empty()) continue;
    if (auto done = make_database(loop, each.pgdata, directory + "/mounted" + number); !done)
      return tl::unexpected(done.error());
  }
  return images;
}

}  // namespace fencepost::lab
