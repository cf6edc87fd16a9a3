import Glibc

/// Names of users and groups, for people; the number of one that is in no list.
///
/// The functions behind it may be called by one thread at a time.
package enum AccountName {
    /// The corresponding C function is `getpwuid`.
    package static func user(_ id: UInt32) -> String { getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "\(id)" }

    /// The corresponding C function is `getgrgid`.
    package static func group(_ id: UInt32) -> String { getgrgid(id).map { String(cString: $0.pointee.gr_name) } ?? "\(id)" }
}
