// Connector/C++'s JDBC-style API, whichever of its two packagings is installed: Oracle's
// mysql-concpp or Debian's libmysqlcppconn-dev 1.1 (see cmake/FindMySQLConnectorCpp.cmake).
// Only session.cc includes this.
#ifndef GRAFT_MYSQL_CONNECTOR_HEADERS_H_
#define GRAFT_MYSQL_CONNECTOR_HEADERS_H_

#ifdef GRAFT_CONCPP_ORACLE
#include <mysql/jdbc.h>
#else
#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>
#endif

#endif  // GRAFT_MYSQL_CONNECTOR_HEADERS_H_
