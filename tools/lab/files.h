// The scripts that run inside a lab's nodes: lab/files, made part of the command.
#pragma once

#include <string>
#include <vector>

namespace fencepost::lab {

struct EmbeddedFile {
  std::string name, text;
};
const std::vector<EmbeddedFile>& embedded_files();

}  // namespace fencepost::lab
