# graft_proto_library(<name> PROTOS <file>... [DEPS <target>...] [GRPC])
#
# Generates C++ from .proto files (paths relative to proto/) at build time; nothing generated is
# ever committed. GRPC generates service stubs too. Generated code is compiled without our warnings.

function(graft_proto_library name)
  cmake_parse_arguments(ARG "GRPC" "" "PROTOS;DEPS" ${ARGN})
  set(out "${CMAKE_BINARY_DIR}/proto_gen")
  file(MAKE_DIRECTORY "${out}")
  set(generated)
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(outputs "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    set(plugin_args)
    if(ARG_GRPC)
      list(APPEND outputs "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      set(plugin_args "--grpc_out=${out}"
          "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>")
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc "--proto_path=${PROJECT_SOURCE_DIR}/proto" "--cpp_out=${out}"
              ${plugin_args} "${PROJECT_SOURCE_DIR}/proto/${proto}"
      DEPENDS "${PROJECT_SOURCE_DIR}/proto/${proto}"
      COMMENT "protoc ${proto}" VERBATIM)
    list(APPEND generated ${outputs})
  endforeach()
  add_library(graft_${name} STATIC ${generated})
  add_library(graft::${name} ALIAS graft_${name})
  target_compile_features(graft_${name} PUBLIC cxx_std_17)
  set_target_properties(graft_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(graft_${name} SYSTEM PUBLIC "${out}")
  # Nobody debugs it, and nothing here is hot: -O1 -g0 takes two thirds of the time of -O2 -g1.
  target_compile_options(graft_${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O1> -g0)
  target_link_libraries(graft_${name} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  if(ARG_GRPC)
    target_link_libraries(graft_${name} PUBLIC gRPC::grpc++)
  endif()
endfunction()
