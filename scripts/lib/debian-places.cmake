# Run by cpack on what was installed, before it is packed: what Debian wants elsewhere, or besides.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
  set(doc ${usr}/share/doc/divvy)
  file(RENAME ${usr}/share/zsh/site-functions ${usr}/share/zsh/vendor-completions)
  file(RENAME ${doc}/LICENSE ${doc}/copyright)
  # Of what draws reports, too. The Apache License itself every Debian has.
  file(GLOB licences ${doc}/report/*/*)
  foreach(file IN LISTS licences)
    file(READ ${file} licence)
    string(REGEX REPLACE "^.*(Apache License\n).*END OF TERMS AND CONDITIONS.*limitations under the License\\."
      "The Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0" licence "${licence}")
    file(RELATIVE_PATH name ${doc}/report ${file})
    file(APPEND ${doc}/copyright "\n--- ${name}, in the pages of divvy report ---\n\n${licence}\n")
  endforeach()
  file(REMOVE_RECURSE ${doc}/report)
  # pkg-config's file, with its way to /usr, which is one folder longer there.
  execute_process(COMMAND dpkg-architecture -q DEB_HOST_MULTIARCH OUTPUT_VARIABLE architecture
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${usr}/lib/pkgconfig/divvy.pc pc)
  string(REPLACE "{pcfiledir}/../../" "{pcfiledir}/../../../" pc "${pc}")
  file(WRITE ${usr}/lib/${architecture}/pkgconfig/divvy.pc "${pc}")
  file(REMOVE_RECURSE ${usr}/lib/pkgconfig)
  string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
  file(WRITE ${doc}/changelog
"divvy (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * What has changed for users is in CHANGELOG.md, beside this file.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
  file(GLOB compressed ${usr}/share/man/man1/*.1 ${doc}/changelog)
  execute_process(COMMAND gzip -9n ${compressed} COMMAND_ERROR_IS_FATAL ANY)
  # Whatever the umask is.
  execute_process(COMMAND chmod -R u=rwX,go=rX ${usr} COMMAND_ERROR_IS_FATAL ANY)
endif()
