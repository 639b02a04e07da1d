/* Files as read-only data; see embedded.hpp. DIVVY_CHARTS_FILE is the bundle, PAGE the others' folder. */
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
  embed script, "report.js"
  embed charts, "charts.bundle.js"

  .section .note.GNU-stack, "", %progbits
