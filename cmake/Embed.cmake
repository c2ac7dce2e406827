# fencepost_embed(OUT.cpp NAMESPACE FUNCTION FILES...): a function that gives each file's text by its name, so that the
# command needs nothing beside itself.
function(fencepost_embed output namespace function)
  set(cases "")
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME)
    file(READ ${file} text)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    string(APPEND cases "    {\"${name}\", R\"~embedded~(${text})~embedded~\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT "// Made by cmake/Embed.cmake.
#include \"tools/lab/files.h\"

namespace @namespace@ {

const std::vector<EmbeddedFile>& @function@() {
  static const std::vector<EmbeddedFile> files = {
@cases@  };
  return files;
}

}  // namespace @namespace@
")
endfunction()
