include(CMakeFindDependencyMacro)
find_dependency(cppzmq)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/divvyTargets.cmake)
