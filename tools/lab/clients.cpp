#include "tools/lab/clients.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace fencepost::lab {

namespace fs = std::filesystem;

Clients::Clients(live::EventLoop& loop, std::string directory, std::vector<Support::Client> wanted,
                 Observe observe)
    : loop_(loop), directory_(std::move(directory)), observe_(std::move(observe)) {
  for (Support::Client& each : wanted) {
    Client& client = clients_.emplace_back();
    client.folder = directory_ + "/clients/" + each.database;
    client.balance.database = each.database;
    client.what = std::move(each);
  }
}

Result<void> Clients::begin(Machines& machines) {
  for (Client& client : clients_) {
    if (const auto seated = machines.seat_client(client.what.address); !seated) return seated;
    fs::create_directories(client.folder);
    live::Program program;
    program.arguments = {"/bin/bash",
                         directory_ + "/files/client",
                         client.folder,
                         client.what.psql,
                         client.what.address,
                         std::to_string(client.what.port),
                         std::to_string(1 / client.what.writes_per_second)};
    program.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/nonexistent"};
    // Its end needs no answer: finished() looks at what it left behind.
    client.process = std::make_unique<live::ChildProcess>(loop_, program, directory_ + "/run",
                                                          [](const live::ProgramEnd&) {});
  }
  return {};
}

void Clients::look() {
  for (Client& client : clients_) {
    std::ifstream file(client.folder + "/looks");
    file.seekg(static_cast<std::streamoff>(client.looks_read));
    for (std::string line; std::getline(file, line) && !file.eof();) {  // half a line is read the next time
      client.looks_read += line.size() + 1;
      Balance& now = client.balance;
      now.earlier = now.acknowledged;
      std::istringstream(line) >> now.missing >> now.acknowledged;
      observe_(backend::Noted{"client of " + now.database + ": connected, " +
                              std::to_string(now.acknowledged - now.missing) + " of " +
                              std::to_string(now.acknowledged) + " acknowledged writes are there"});
      if (now.missing <= client.worst) continue;
      client.worst = now.missing;
      observe_(backend::InvariantBroken{
          .invariant = "data_loss",
          .text = now.database + " serves from data that lack " + std::to_string(now.missing) + " of " +
                  std::to_string(now.acknowledged) + " writes that clients were told are safe"});
    }
    client.balance.finished = fs::exists(client.folder + "/finished");
  }
}

void Clients::finish() {
  for (const Client& client : clients_)
    if (client.process) std::ofstream(client.folder + "/finish") << "now\n";
}

bool Clients::finished() const {
  return std::ranges::all_of(clients_,
                             [](const Client& each) { return !each.process || each.balance.finished; });
}

std::vector<Clients::Balance> Clients::balances() const {
  std::vector<Balance> all;
  for (const Client& client : clients_)
    if (client.process) all.push_back(client.balance);
  return all;
}

}  // namespace fencepost::lab
