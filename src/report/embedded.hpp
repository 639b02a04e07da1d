// What a page is made of: files of src/report/page, and the bundle of ECharts, put into the program
// by embedded.S.
#pragma once

#include <string_view>

// NOLINTBEGIN(modernize-avoid-c-arrays): where they begin and end, as the assembler says.
extern "C" {
extern const char divvy_page_frame[], divvy_page_frame_end[];
extern const char divvy_page_style[], divvy_page_style_end[];
extern const char divvy_page_script[], divvy_page_script_end[];
extern const char divvy_page_charts[], divvy_page_charts_end[];
}
// NOLINTEND(modernize-avoid-c-arrays)

namespace divvy::report::embedded {

inline std::string_view frame() { return {divvy_page_frame, divvy_page_frame_end}; }
inline std::string_view style() { return {divvy_page_style, divvy_page_style_end}; }
inline std::string_view script() { return {divvy_page_script, divvy_page_script_end}; }
/// The library; empty where it was not there to be built.
inline std::string_view charts() { return {divvy_page_charts, divvy_page_charts_end}; }

}  // namespace divvy::report::embedded
