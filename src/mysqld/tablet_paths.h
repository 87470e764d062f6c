// Where things lie in a tablet's directory, the one that Vitess calls vt_<uid>.
//
//   <dir>/my.cnf              written by init; its presence says that init was complete
//   <dir>/data/               mysqld's own data directory; CLONE wipes what is in it
//   <dir>/mysql.sock          unless --socket says otherwise
//   <dir>/mysqld.pid, <dir>/error.log
//   <dir>/graft-mysqld.lock   held by whoever works on the directory
#ifndef GRAFT_MYSQLD_TABLET_PATHS_H_
#define GRAFT_MYSQLD_TABLET_PATHS_H_

#include <string>

namespace graft {

struct TabletPaths {
  std::string dir;  // absolute, without a slash at the end

  std::string my_cnf() const { return dir + "/my.cnf"; }
  std::string data() const { return dir + "/data"; }
  std::string socket() const { return dir + "/mysql.sock"; }
  std::string pid_file() const { return dir + "/mysqld.pid"; }
  std::string error_log() const { return dir + "/error.log"; }
  std::string lock() const { return dir + "/graft-mysqld.lock"; }
};

// Of a directory that may be relative, as the user typed it.
TabletPaths PathsOf(const std::string& dir);

}  // namespace graft

#endif  // GRAFT_MYSQLD_TABLET_PATHS_H_
