// The tree of a template. Nodes are uniform: `kind` says what `parts` and `name` mean.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/jinja/value.h"

namespace assay::jinja {

enum class ExprKind {
  constant,    ///< constant
  name,        ///< name
  list,        ///< parts: elements
  tuple,       ///< parts: elements
  dict,        ///< parts: key, value, key, value, ...
  attribute,   ///< parts[0].name
  item,        ///< parts[0][parts[1]]
  slice,       ///< parts[0][parts[1]:parts[2]:parts[3]]; absent bounds are null
  call,        ///< parts[0](parts[1...], keywords)
  filter,      ///< parts[0] | name(parts[1...], keywords)
  test,        ///< parts[0] is name(parts[1...], keywords)
  unary,       ///< name: "-", "+" or "not"
  binary,      ///< name: an arithmetic operator; parts: left, right
  logical,     ///< name: "and" or "or"
  comparison,  ///< parts: operands; names: the operators between them
  concat,      ///< parts joined by ~
  conditional  ///< parts[0] if parts[1] else parts[2] (may be null)
};

struct Expr {
  ExprKind kind = ExprKind::constant;
  int line = 0;
  int height = 1;
  std::string name;
  Value constant;
  std::vector<std::unique_ptr<Expr>> parts;
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::unique_ptr<Expr>>> keywords;
};
using ExprPtr = std::unique_ptr<Expr>;

enum class StmtKind {
  text,        ///< name: the text
  output,      ///< exprs, printed one after the other
  branch,      ///< exprs[i] guards blocks[i]; one more block: else
  loop,        ///< targets; exprs[0]: iterable, exprs[1]: filter (may be null); blocks: body, else
  assign,      ///< targets; exprs[0]
  capture,     ///< targets[0]; blocks[0]: body; exprs[0]: filters over name "", may be null
  macro,       ///< name; targets: parameters; exprs: the defaults of the last ones; blocks[0]
  generation,  ///< blocks[0]; marks the assistant's text, which changes nothing here
  leave,       ///< break
  next         ///< continue
};

/// A variable, an attribute of a namespace, or (with several in a statement) a part of a tuple.
struct Target {
  std::string name;
  std::string attribute;  ///< empty: the variable itself
  int line = 0;
};

struct Stmt {
  StmtKind kind = StmtKind::text;
  int line = 0;
  std::string name;
  std::vector<Target> targets;
  bool unpack = false;  ///< targets form a tuple
  std::vector<ExprPtr> exprs;
  std::vector<std::vector<std::unique_ptr<Stmt>>> blocks;
};
using StmtPtr = std::unique_ptr<Stmt>;
using Block = std::vector<StmtPtr>;

}  // namespace assay::jinja
