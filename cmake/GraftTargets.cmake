# The only place with compiler and linker flags. Every target of the project is made here:
#
#   graft_library(<name> SOURCES <file>... [DEPS <target>...] [PRECOMPILED core|api|grpc])
#                                                                 static library, alias graft::<name>
#   graft_program(<name> SOURCES <file>... [DEPS <target>...])    lands in <build>/bin/
#   graft_test(<name> LABEL <unit|contract|integration|faults> SOURCES <file>... [DEPS <target>...]
#              [TIMEOUT <seconds>] [RUN_SERIAL])                  GoogleTest program, one ctest entry
#
# DEPS of a library are PUBLIC: what its header names, its user may name too.

option(GRAFT_WERROR "Treat warnings as errors" OFF)
option(GRAFT_PRECOMPILE "Precompile the headers that most files include" OFF)
option(GRAFT_UNITY "Compile a few files of a target together" OFF)
option(GRAFT_HARDEN "Stack protector, _FORTIFY_SOURCE, RELRO" OFF)
set(GRAFT_SANITIZE "" CACHE STRING "Sanitizers to build with, as in -fsanitize=")

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# -g1: a stack trace has its lines, and the objects are a third as large.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

add_library(graft_flags INTERFACE)
target_compile_features(graft_flags INTERFACE cxx_std_17)
# -fPIC and -pthread everywhere: gcc takes a precompiled header only with the flags it was made with.
target_compile_options(graft_flags INTERFACE -fPIC -pthread
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<CXX_COMPILER_ID:Clang>:-Wshadow -Wthread-safety -Wextra-semi>
  $<$<BOOL:${GRAFT_WERROR}>:-Werror>)
# Line tables only in Debug: links in a third of the time, and a stack trace still has its lines.
target_compile_options(graft_flags INTERFACE $<$<CONFIG:Debug>:-gline-tables-only>)
target_link_options(graft_flags INTERFACE -pie $<$<CXX_COMPILER_ID:Clang>:-fuse-ld=lld-14>)
if(GRAFT_HARDEN)
  target_compile_options(graft_flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection -D_GLIBCXX_ASSERTIONS
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
  target_link_options(graft_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
endif()
if(GRAFT_SANITIZE)
  target_compile_options(graft_flags INTERFACE -fsanitize=${GRAFT_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(graft_flags INTERFACE -fsanitize=${GRAFT_SANITIZE})
endif()

# What ships is tested as it ships; the tests themselves need not be fast.
# GoogleTest's macros have an else of their own.
add_library(graft_test_flags INTERFACE)
target_compile_options(graft_test_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-O1>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-dangling-else>)

# graft_precompiled(<name> HEADERS <header>... [DEPS <target>...]): a library whose precompiled header
# others use. A file includes what it needs all the same; clang, without any, sees to that.
function(graft_precompiled name)
  cmake_parse_arguments(ARG "" "" "HEADERS;DEPS" ${ARGN})
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/${name}.cc" CONTENT "")  # written once
  add_library(${name} OBJECT "${CMAKE_BINARY_DIR}/${name}.cc")
  target_link_libraries(${name} PRIVATE graft_flags ${ARG_DEPS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

if(GRAFT_PRECOMPILE)
  set(core_headers <algorithm> <functional> <map> <memory> <optional> <ostream> <set> <string>
      <utility> <vector> <absl/status/statusor.h> <absl/strings/str_cat.h>
      <absl/strings/str_format.h> <absl/strings/str_join.h> <absl/strings/str_split.h>
      <absl/synchronization/mutex.h> <absl/time/time.h>)
  set(core_deps absl::statusor absl::strings absl::str_format absl::synchronization absl::time)
  graft_precompiled(graft_precompiled_core HEADERS ${core_headers} DEPS ${core_deps})
  graft_precompiled(graft_precompiled_api HEADERS ${core_headers} <graft/v1/provisioner.pb.h>
    DEPS ${core_deps} graft::proto_graft_service)
  graft_precompiled(graft_precompiled_grpc HEADERS ${core_headers} <grpcpp/grpcpp.h>
    DEPS ${core_deps} gRPC::grpc++)
  graft_precompiled(graft_precompiled_tests HEADERS ${core_headers} <gmock/gmock.h> <gtest/gtest.h>
    DEPS ${core_deps} GTest::gmock graft_test_flags)
endif()

function(graft_target_basics target precompiled)
  target_link_libraries(${target} PRIVATE graft_flags)
  target_include_directories(${target} PUBLIC
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  if(GRAFT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
  endif()
  # What takes time is the headers, and files that are compiled together read them once.
  if(GRAFT_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
endfunction()

function(graft_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED core)
  endif()
  add_library(graft_${name} STATIC ${ARG_SOURCES})
  add_library(graft::${name} ALIAS graft_${name})
  graft_target_basics(graft_${name} graft_precompiled_${ARG_PRECOMPILED})
  target_link_libraries(graft_${name} PUBLIC ${ARG_DEPS})
endfunction()

# graft_runs_once(<file>...): its templates (CLI11's) take seconds to compile, and it runs once. A
# precompiled header serves one level of optimisation alone.
function(graft_runs_once)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON
    COMPILE_OPTIONS "$<$<NOT:$<CONFIG:Debug>>:-O1;-g0>")
endfunction()

function(graft_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  graft_target_basics(${name} graft_precompiled_core)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()

function(graft_test name)
  cmake_parse_arguments(ARG "RUN_SERIAL" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL)
    message(FATAL_ERROR "graft_test(${name}): LABEL is missing")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE graft_test_flags)
  graft_target_basics(${name} graft_precompiled_tests)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  if(NOT TARGET ${ARG_LABEL}_tests)
    add_custom_target(${ARG_LABEL}_tests)
  endif()
  add_dependencies(${ARG_LABEL}_tests ${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES
    LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL ${ARG_RUN_SERIAL}
    ENVIRONMENT "GRAFT_BIN_DIR=${CMAKE_BINARY_DIR}/bin;GRAFT_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endfunction()
