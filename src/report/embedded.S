/* Files as read-only data; see embedded.hpp. */
  .section .rodata

  .macro embed name, file
  .global divvy_page_\name
  .global divvy_page_\name\()_end
divvy_page_\name:
  .incbin "\file"
divvy_page_\name\()_end:
  .byte 0
  .endm

  embed frame, "report.html"
  embed style, "report.css"
  embed script, "report.bundle.js"

  .section .note.GNU-stack, "", %progbits
