# liveconnect_library(NAME LINK...): one library from every .cpp of the current folder (not of its subfolders).
# The libraries given are all it may see: a wrong include has nothing to find.
function(liveconnect_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARGN})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARGN})
endfunction()

# liveconnect_program(NAME LINK...): a program from main.cpp of the current folder.
function(liveconnect_program name)
  add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE ${ARGN})
endfunction()

# liveconnect_tests(FOLDER LINK...): one GoogleTest program from tests/FOLDER/*_test.cpp, a ctest entry a test.
function(liveconnect_tests folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" name ${folder}_tests)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARGN} test_support GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE LIVECONNECT_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}"
                                             LIVECONNECT_BIN="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  gtest_discover_tests(${name} TEST_PREFIX "${folder}." DISCOVERY_TIMEOUT 60)
endfunction()
