/**
 * TensorFlow's C library prints that oneDNN is on when it is loaded, and later whatever it logs, for it logs through Abseil before anybody has told that of
 * a level. Two pieces of C++ make it as quiet as TF_CPP_MIN_LOG_LEVEL says.
 *
 * This one is compiled into the addon: when that is loaded it passes the level on to Abseil. The name is that of the Abseil in TensorFlow 2.21; weak, so that a
 * library without it loads all the same.
 */
export const logLevelSource = `#include <cstdlib>
namespace absl {
inline namespace lts_20250814 {
enum class LogSeverityAtLeast : int {};
__attribute__((weak)) void SetMinLogLevel(LogSeverityAtLeast);
}
}
namespace {
struct LogLevel {
  LogLevel() {
    const char *level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
    if (level != nullptr && absl::SetMinLogLevel != nullptr) absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(std::atoi(level)));
  }
} logLevel;
}
`;

/** This one is an addon of its own, for what is printed before: `mute()` turns the process's stderr to nowhere, and `unmute()` back. */
export const muteSource = `#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>
namespace {
int kept = -1;
napi_value Mute(napi_env, napi_callback_info) {
  const int nowhere = kept < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
  if (nowhere < 0) return nullptr;
  kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (kept >= 0) dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  return nullptr;
}
napi_value Unmute(napi_env, napi_callback_info) {
  if (kept < 0) return nullptr;
  dup2(kept, STDERR_FILENO);
  close(kept);
  kept = -1;
  return nullptr;
}
void Add(napi_env env, napi_value exports, const char *name, napi_callback call) {
  napi_value made;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &made) == napi_ok) napi_set_named_property(env, exports, name, made);
}
}
NAPI_MODULE_INIT() {
  Add(env, exports, "mute", Mute);
  Add(env, exports, "unmute", Unmute);
  return exports;
}
`;
