# Run by cpack on what was installed, before it is packed: where Debian wants some of it elsewhere.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
  file(RENAME ${usr}/share/zsh/site-functions ${usr}/share/zsh/vendor-completions)
  file(RENAME ${usr}/share/doc/divvy/LICENSE ${usr}/share/doc/divvy/copyright)
  file(GLOB manuals ${usr}/share/man/man1/*.1)
  execute_process(COMMAND gzip -9n ${manuals} COMMAND_ERROR_IS_FATAL ANY)
  # Whatever the umask is.
  execute_process(COMMAND chmod -R u=rwX,go=rX ${usr} COMMAND_ERROR_IS_FATAL ANY)
endif()
