// The fencepost command: the first word names the subcommand.
#include <iostream>
#include <string>
#include <vector>

#include "tools/crm_simulate/command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "crm-simulate")
    return fencepost::crm_simulate::command({words.begin() + 1, words.end()});
  std::cerr << "usage: fencepost crm-simulate [options]   (see fencepost crm-simulate --help)\n";
  return 2;
}
