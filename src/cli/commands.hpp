// The commands of the command line, one small file each. Each registers itself with the parser and leaves the exit
// code.
#pragma once

namespace CLI {
class App;
}

namespace bothends::cli {

/// Each adds its subcommand; when that is chosen, `exit` gets the exit code of DESIGN.md section 3.
void add_run(CLI::App& app, int& exit);
void add_probe(CLI::App& app, int& exit);
void add_doctor(CLI::App& app, int& exit);
void add_explain(CLI::App& app, int& exit);
void add_hello(CLI::App& app, int& exit);

}  // namespace bothends::cli
