#include "backends/http/secrets.h"

#include <algorithm>
#include <cstdint>

namespace assay::http {

void Secrets::add(std::string secret) {
  if (secret.empty()) return;
  secrets_.push_back(std::move(secret));
  std::sort(secrets_.begin(), secrets_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

std::string Secrets::scrub(std::string text) const {
  constexpr std::string_view kInstead = "[secret]";
  for (const std::string& secret : secrets_) {
    std::size_t at = text.find(secret);
    while (at != std::string::npos) {
      text.replace(at, secret.size(), kInstead);
      at = text.find(secret, at + kInstead.size());
    }
  }
  return text;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool there = i + k <= bytes.size();
      out += there ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return out;
}

}  // namespace assay::http
