import Glibc

/// Names of users and groups, or their numbers if they have no name.
///
/// Not thread-safe: the C functions return static storage.
package enum AccountName {
    /// The corresponding C function is `getpwuid`.
    package static func user(_ id: UInt32) -> String { getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "\(id)" }

    /// The corresponding C function is `getgrgid`.
    package static func group(_ id: UInt32) -> String { getgrgid(id).map { String(cString: $0.pointee.gr_name) } ?? "\(id)" }
}
