// What a page is made of: files of src/report/page, put into the program by embedded.S.
#pragma once

#include <string_view>

// NOLINTBEGIN(modernize-avoid-c-arrays): where they begin and end, as the assembler says.
extern "C" {
extern const char divvy_page_frame[], divvy_page_frame_end[];
extern const char divvy_page_style[], divvy_page_style_end[];
extern const char divvy_page_script[], divvy_page_script_end[];
}
// NOLINTEND(modernize-avoid-c-arrays)

namespace divvy::report::embedded {

inline std::string_view frame() { return {divvy_page_frame, divvy_page_frame_end}; }
inline std::string_view style() { return {divvy_page_style, divvy_page_style_end}; }
/// All its modules and the library, bundled; empty where that was not there to be built.
inline std::string_view script() { return {divvy_page_script, divvy_page_script_end}; }

}  // namespace divvy::report::embedded
