import Glibc

/// Runs a check as a user whom file modes bind.
///
/// Root reads and enters everything; for this one thread the file system is then asked as
/// `nobody`. The corresponding C function is `setfsuid`, which the Glibc module leaves out.
package func asOrdinaryUser<T>(_ check: () throws -> T) throws -> T {
    guard geteuid() == 0 else { return try check() }
    guard let address = dlsym(nil, "setfsuid") else { throw ServerTrouble("the C library has no setfsuid") }
    let setfsuid = unsafeBitCast(address, to: (@convention(c) (uid_t) -> CInt).self)
    _ = setfsuid(65_534)
    defer { _ = setfsuid(0) }
    return try check()
}
