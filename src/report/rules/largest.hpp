// The largest of many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace divvy::report {

/// Leaves the `most` elements whose `value(element)` is largest, in this order.
template <class Element, class Value>
void keep_largest(std::vector<Element>& elements, std::size_t most, const Value& value) {
  const auto middle =
      elements.begin() + static_cast<std::ptrdiff_t>(std::min(most, elements.size()));
  std::partial_sort(elements.begin(), middle, elements.end(),
                    [&](const Element& a, const Element& b) { return value(a) > value(b); });
  elements.erase(middle, elements.end());
}

}  // namespace divvy::report
