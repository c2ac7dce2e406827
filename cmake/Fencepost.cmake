# How every target of Fencepost is built: the language, the warnings, and the arrows between folders.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# The same answer on every compiler: no fused multiply-add, no reassociation.
add_compile_options(-ffp-contract=off)

add_library(fencepost_flags INTERFACE)
# A member that a designated initializer leaves out has its default: that is what they are for.
target_compile_options(fencepost_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 cries wolf: it sees overlaps in "text" + std::string (GCC bug 105651), and when optimising takes members of
  # an optional or expected that holds nothing for uninitialised ones (GCC bug 80635). Sanitizers and clang watch these.
  target_compile_options(fencepost_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()

option(FENCEPOST_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)
if(FENCEPOST_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# A decision makes many small values: mimalloc takes a fifth off it. Sanitizers bring an allocator of their own.
add_library(fencepost_allocator INTERFACE)
if(NOT FENCEPOST_SANITIZE)
  find_package(mimalloc REQUIRED)
  target_link_libraries(fencepost_allocator INTERFACE mimalloc)
endif()

option(FENCEPOST_FUZZ "Build the fuzzers of tests/fuzz; clang only" OFF)
if(FENCEPOST_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Headers are most of what a compiler reads here: a whole build takes a third of the time when ten files of a folder are
# compiled as one. Builds for work in progress (dev, debug) compile each file alone, which is quicker after a change; the
# debug build, without precompiled headers, and tools/check's clang-tidy show that each file includes what it uses.
option(FENCEPOST_UNITY "Compile the files of a folder together; for builds from scratch" OFF)
if(FENCEPOST_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # It takes a file compiled with others for a header, and a coroutine there may hold no value of a local type.
    add_compile_options(-Wno-subobject-linkage)
  endif()
endif()

# Parsing the standard library (and, in tests, Catch2) once for all files makes clang's builds two to three times faster.
# g++ gains nothing by it and builds without.
option(FENCEPOST_PCH "Precompile the headers of the standard library; for clang" OFF)
set(standard_headers <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional> <set> <span> <sstream>
                     <string> <string_view> <tuple> <utility> <variant> <vector>)

# fencepost_precompiled(pch_std <vector> …): a target whose precompiled headers others use by fencepost_use_precompiled
function(fencepost_precompiled name)
  if(FENCEPOST_PCH)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE fencepost_flags)
    target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp)
    target_precompile_headers(${name} PRIVATE ${ARGN})
  endif()
endfunction()

function(fencepost_use_precompiled target name)
  if(FENCEPOST_PCH)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

fencepost_precompiled(pch_std ${standard_headers})

# A target sees the headers of its own folder and of the folders it depends on, and of no other:
# each folder's headers are reached through a directory that holds only a link to that folder.
function(fencepost_headers target)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(view ${PROJECT_BINARY_DIR}/arrows/${target})
  get_filename_component(parent ${view}/${folder} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  if(NOT EXISTS ${view}/${folder})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${folder} SYMBOLIC)
  endif()
  target_include_directories(${target} ${ARGV1} ${view})
endfunction()

# fencepost_library(engine_cib SOURCES a.cpp b.cpp USES engine_base LINKS pugixml::pugixml)
#   USES   folders of ours that it may include (the arrows)
#   LINKS  third-party libraries, private: they stay behind this door
# Without SOURCES the library is headers only.
function(fencepost_library target)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    fencepost_headers(${target} PUBLIC)
    target_link_libraries(${target} PUBLIC ${ARG_USES} PRIVATE ${ARG_LINKS} fencepost_flags)
    fencepost_use_precompiled(${target} pch_std)
  else()
    add_library(${target} INTERFACE)
    fencepost_headers(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARG_USES} ${ARG_LINKS})
  endif()
endfunction()
