# Finds a Connector/C++ that speaks the JDBC-style API, and makes MySQL::ConnectorCpp.
#
#   Oracle's mysql-concpp    <mysql/jdbc.h>, its own CMake config; taken first where it is installed
#   Debian's libmysqlcppconn-dev 1.1   <cppconn/...> and <mysql_driver.h>, no CMake config
#
# Defines GRAFT_CONCPP_ORACLE=1 on the target for the former. src/mysql/ is the only includer.

find_package(mysql-concpp CONFIG QUIET)
if(TARGET mysql::concpp-jdbc)
  set(MySQLConnectorCpp_FOUND TRUE)
  if(NOT TARGET MySQL::ConnectorCpp)
    add_library(MySQL::ConnectorCpp INTERFACE IMPORTED)
    target_link_libraries(MySQL::ConnectorCpp INTERFACE mysql::concpp-jdbc)
    target_compile_definitions(MySQL::ConnectorCpp INTERFACE GRAFT_CONCPP_ORACLE=1)
  endif()
else()
  find_path(MySQLConnectorCpp_INCLUDE_DIR mysql_driver.h)
  find_library(MySQLConnectorCpp_LIBRARY NAMES mysqlcppconn)
  include(FindPackageHandleStandardArgs)
  find_package_handle_standard_args(MySQLConnectorCpp
    REQUIRED_VARS MySQLConnectorCpp_LIBRARY MySQLConnectorCpp_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "install libmysqlcppconn-dev (Debian) or Oracle's mysql-connector-c++")
  if(MySQLConnectorCpp_FOUND AND NOT TARGET MySQL::ConnectorCpp)
    add_library(MySQL::ConnectorCpp UNKNOWN IMPORTED)
    set_target_properties(MySQL::ConnectorCpp PROPERTIES
      IMPORTED_LOCATION "${MySQLConnectorCpp_LIBRARY}"
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${MySQLConnectorCpp_INCLUDE_DIR}")
  endif()
endif()
