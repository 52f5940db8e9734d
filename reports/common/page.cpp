#include "reports/common/page.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>

#include "core/sha256.h"
#include "core/text.h"
#include "reports/common/page_assets.h"

namespace assay {
namespace {

/// "sha256-BASE64" of a text, as Content-Security-Policy wants it.
std::string csp_hash(std::string_view text) {
  const std::string hex = sha256_hex(text);
  std::string digest;
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    digest += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  }
  return "sha256-" + base64_of(digest);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : sanitize_for_terminal(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string inline_text(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return "<bdi>" + escape_html(line) + "</bdi>";
}

std::string element_id(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? c : '-';
  }
  return out;
}

std::string anchor_of(std::string_view text) {
  const std::string id = element_id(text);
  return id == text ? id : id + "-" + sha256_hex(text).substr(0, 8);
}

std::string base64_of(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and a final 0
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string url_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{}</title>
<style>{}</style>
</head>
<body>
{}
<main>
{}
</main>
<script>{}</script>
</body>
</html>
)",
      csp_hash(kPageStyle), csp_hash(kPageScript), escape_html(title), kPageStyle, kPagePatterns,
      body, kPageScript);
}

}  // namespace assay
