#include <fmt/format.h>

#include <iostream>

#include "models/fault_arguments.h"
#include "models/faults.h"
#include "scenarios/fields.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace fencepost::tools {
namespace {

void print_verb(const models::FaultVerb& verb) {
  std::cout << fmt::format("  {:<18}{}\n", verb.name, verb.about);
  for (const models::FaultArgument& argument : models::arguments_of(verb))
    std::cout << fmt::format("  {:<18}  {}: {}\n", "",
                             argument.optional ? "[" + argument.name + "]" : argument.name, argument.meaning);
  if (!verb.example.empty()) std::cout << fmt::format("  {:<18}  {}\n", "", verb.example);
}

}  // namespace

int faults_command(const FaultsArguments& arguments) {
  if (!arguments.verb.empty()) {
    if (const models::FaultVerb* verb = models::find_fault_verb(arguments.verb))
      return print_verb(*verb), kHeld;
    std::vector<std::string> names;
    for (const models::FaultVerb& verb : models::fault_verbs()) names.push_back(verb.name);
    return complain(Error{
        {}, "there is no fault '" + arguments.verb + "'" + scenarios::did_you_mean(arguments.verb, names)});
  }
  std::string family;
  for (const models::FaultVerb& verb : models::fault_verbs()) {
    if (verb.family != family) std::cout << (family.empty() ? "" : "\n") << verb.family << '\n';
    family = verb.family;
    print_verb(verb);
  }
  std::cout
      << "\nEvery fault has a time, `at: 60s` after t=0, or a trigger, as in\n"
         "  {when: {resource: fs, action: stop, ev: start}, verb: crash, node: \"@active:fs\"}\n"
         "A node may be @dc, @other, @any, @active:RESOURCE or @promoted:RESOURCE. What stands in [] may\n"
         "be left out: without `for`, a fault lasts. What people do takes `on: NODE`, too: where they do "
         "it.\n";
  return kHeld;
}

}  // namespace fencepost::tools
