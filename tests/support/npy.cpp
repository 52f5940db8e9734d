#include "tests/support/npy.h"

#include <cstring>
#include <string>

#include "core/error.h"
#include "tests/support/test_data.h"

namespace assay::testing {

NpyArray read_npy(const std::filesystem::path& path) {
  constexpr std::size_t kPreamble = 10;
  const std::string bytes = read_text(path);
  ASSAY_ASSERT(bytes.size() > kPreamble && bytes.compare(0, 8, "\x93NUMPY\x01\x00", 8) == 0);
  const std::size_t header_size =
      static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(kPreamble, header_size);
  ASSAY_ASSERT(header.find("'fortran_order': False") != std::string::npos);
  const bool is_double = header.find("'<f8'") != std::string::npos;
  ASSAY_ASSERT(is_double || header.find("'<f4'") != std::string::npos);
  NpyArray array;
  std::size_t at = header.find('(') + 1;
  while (header[at] >= '0' && header[at] <= '9') {
    std::size_t digits = 0;
    array.shape.push_back(std::stoll(header.substr(at), &digits));
    at = header.find_first_not_of(", ", at + digits);
  }
  const char* data = bytes.data() + kPreamble + header_size;
  std::int64_t count = 1;
  for (const std::int64_t n : array.shape) count *= n;
  const std::size_t size = is_double ? sizeof(double) : sizeof(float);
  ASSAY_ASSERT(kPreamble + header_size + static_cast<std::size_t>(count) * size == bytes.size());
  for (std::int64_t i = 0; i < count; ++i) {
    double value = 0;
    float single = 0;
    std::memcpy(is_double ? static_cast<void*>(&value) : &single, data + i * size, size);
    array.values.push_back(is_double ? value : static_cast<double>(single));
  }
  return array;
}

}  // namespace assay::testing
