# graft_documents(<program>... SECTION <1|8>)
#
# What the programs say about themselves, as files under <build>/share: manual pages, completions
# for bash, zsh and fish; and where `cmake --install` puts them and the programs.
include(GNUInstallDirs)

# A sanitizer's build has no need of them, and may not run without its own options.
if(GRAFT_SANITIZE)
  add_custom_target(documents)
else()
  add_custom_target(documents ALL)
  find_program(GRAFT_HELP2MAN help2man REQUIRED)
endif()

# graft_document(<program> <file> <install_dir> <command>...): the file is what the command prints.
function(graft_document program file install_dir)
  set(path "${CMAKE_BINARY_DIR}/share/${file}")
  get_filename_component(folder "${path}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${path}" COMMAND ${ARGN} > "${path}"
    DEPENDS ${program} "${CMAKE_SOURCE_DIR}/scripts/man-page"
            "${CMAKE_SOURCE_DIR}/docs/man/${program}.h2m"
    COMMENT "share/${file}" VERBATIM)
  string(MAKE_C_IDENTIFIER "document_${file}" target)
  add_custom_target(${target} DEPENDS "${path}")
  add_dependencies(documents ${target})
  install(FILES "${path}" DESTINATION "${install_dir}")
endfunction()

function(graft_documents)
  cmake_parse_arguments(ARG "" "SECTION" "" ${ARGN})
  set(data "${CMAKE_INSTALL_DATADIR}")
  foreach(program IN LISTS ARG_UNPARSED_ARGUMENTS)
    graft_document(${program} man/man${ARG_SECTION}/${program}.${ARG_SECTION}
      "${CMAKE_INSTALL_MANDIR}/man${ARG_SECTION}"
      "${CMAKE_SOURCE_DIR}/scripts/man-page" $<TARGET_FILE:${program}> ${ARG_SECTION}
      ${PROJECT_VERSION} ${GRAFT_RELEASE_DATE})
    graft_document(${program} bash-completion/completions/${program}
      "${data}/bash-completion/completions" ${program} --completion bash)
    graft_document(${program} zsh/site-functions/_${program}
      "${data}/zsh/site-functions" ${program} --completion zsh)
    graft_document(${program} fish/vendor_completions.d/${program}.fish
      "${data}/fish/vendor_completions.d" ${program} --completion fish)
    install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endforeach()
endfunction()
