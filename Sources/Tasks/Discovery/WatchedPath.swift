/// A file or folder on which the tasks of a project depend.
package struct WatchedPath: Sendable, Hashable {
    package enum Role: Sendable {
        /// A folder above a tasks folder: only the names in it matter.
        case above
        /// A tasks folder, or a folder in it.
        case tasks
        /// A link to a program, whose target may be anywhere.
        case link
    }

    /// Absolute. It need not exist.
    package let path: String
    package let role: Role
}
