#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "engine/cib/read.h"

namespace fencepost::cib {
namespace {

namespace io = boost::iostreams;

// Generous for any CIB; a bomb is refused here and not by the machine running out of memory.
constexpr std::size_t kBytesMax = std::size_t{1} << 30;

Result<std::string> read_all(std::FILE* file, const std::string& name) {
  std::string bytes;
  char buffer[1 << 16];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file)) {
    bytes.append(buffer, count);
    if (bytes.size() > kBytesMax) return failure({name, 0, 0}, "it is larger than 1 GiB: that is no CIB");
  }
  if (std::ferror(file) != 0) {
    return failure({name, 0, 0}, std::string("cannot be read (") + std::strerror(errno) + "): is it a file?");
  }
  return bytes;
}

Result<std::string> read_bytes(const std::string& path) {
  if (path == "-") return read_all(stdin, "standard input");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) {
    return failure({path, 0, 0},
                   std::string("cannot be opened (") + std::strerror(errno) + "): check the path");
  }
  return read_all(file.get(), path);
}

// Takes what it is given and stops at the limit.
class LimitedSink {
 public:
  using char_type = char;
  using category = io::sink_tag;
  explicit LimitedSink(std::string& out) : out_(&out) {}
  std::streamsize write(const char* data, std::streamsize size) {
    out_->append(data, static_cast<std::size_t>(size));
    if (out_->size() > kBytesMax) throw std::length_error("larger than 1 GiB when unpacked");
    return size;
  }

 private:
  std::string* out_;
};

Result<std::string> unpack(const std::string& packed, const std::string& path) {
  std::string text;
  try {
    io::filtering_istream stream;
    stream.push(io::bzip2_decompressor());
    stream.push(io::array_source(packed.data(), packed.size()));
    io::copy(stream, LimitedSink(text));
  } catch (const std::exception& problem) {
    return failure({path, 0, 0}, std::string("is not a whole bzip2 file (") + problem.what() +
                                     "): copy it again, or unpack it with bunzip2");
  }
  return text;
}

}  // namespace

Result<Document> read_file(const std::string& path) {
  auto bytes = read_bytes(path);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->starts_with("BZh")) bytes = unpack(*bytes, path);
  if (!bytes) return tl::unexpected(bytes.error());
  return read(*bytes, path == "-" ? "standard input" : path);
}

}  // namespace fencepost::cib
