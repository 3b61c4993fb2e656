/*
 * Put before every C++ file of better-sqlite3 by -include (see compiler.mjs): takes the environment hooks out of node::ObjectWrap.
 *
 * Node 24.19 added them to its header; on that line they abort the process as soon as the garbage collector frees an object
 * outside of a context (nodejs/node#65446). Without them ObjectWrap is what it is in Node 20 and 22. The hook that
 * better-sqlite3 adds itself, which closes what is open at the end, stays.
 */
#ifdef __cplusplus
#include <node.h>

namespace node {
inline void NoEnvironmentHook(v8::Isolate*, void (*)(void*), void*) {}
}  // namespace node

#define AddEnvironmentCleanupHook NoEnvironmentHook
#define RemoveEnvironmentCleanupHook NoEnvironmentHook
#include <node_object_wrap.h>
#undef AddEnvironmentCleanupHook
#undef RemoveEnvironmentCleanupHook
#endif
