// What http.cpp and pip.cpp would do, in a build without libcurl and libzip (ASSAY_NETWORK=OFF):
// refuse by name.
#include "harness/fetch/http.h"
#include "harness/fetch/pip.h"

namespace assay::fetch {
namespace {

tl::unexpected<SourceError> absent() {
  return tl::unexpected(SourceError{
      {ErrorKind::environment, "this build cannot download: it was made without libcurl and libzip",
       "run `assay fetch` on another machine and copy the file here"},
      /*unreachable=*/false});
}

}  // namespace

SourceResult<HttpOutcome> http_download(const HttpSource&, const RemoteFile&,
                                        const std::filesystem::path&, const Options&) {
  return absent();
}

SourceResult<void> pip_assemble(const RemoteFile&, const std::filesystem::path&, const Options&) {
  return absent();
}

}  // namespace assay::fetch

// Nothing is sent anywhere: neither a name to show nor an origin to trust.
namespace assay::net {

std::string display_url(const std::string&) {
  return "the network";
}
bool same_origin(const std::string&, const std::string&) {
  return false;
}

}  // namespace assay::net
