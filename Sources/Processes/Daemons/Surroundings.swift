import Glibc

/// The folders, umask and privileges that a process is to run with.
package struct Surroundings: Sendable {
    /// The working folder, relative to the new root, if there is one.
    package var workingDirectory: String?
    /// The file mode creation mask.
    package var umask: UInt32?
    /// The folder that becomes `/`. It must contain `/proc` and the libraries, so that pool children can start.
    package var root: String?
    package var privileges: Privileges?

    package init(
        workingDirectory: String? = nil, umask: UInt32? = nil, root: String? = nil, privileges: Privileges? = nil
    ) {
        self.workingDirectory = workingDirectory
        self.umask = umask
        self.root = root
        self.privileges = privileges
    }

    /// Applies only the umask, before pidfile and log file are created.
    ///
    /// The corresponding C function is `umask`.
    package func applyMask() {
        if let umask { _ = Glibc.umask(umask) }
    }

    /// Applies everything, and drops privileges last. Open pidfile and log file and make paths
    /// absolute before the call.
    ///
    /// The corresponding C functions are `umask`, `chroot` and `chdir`, then those of `Privileges.drop`.
    package func apply() throws(SystemError) {
        applyMask()
        if let root {
            try Syscall.check("change root to", path: root) { chroot(root) }
            // Otherwise the old tree could still be reached through the current folder.
            try Syscall.check("enter", path: "/") { chdir("/") }
        }
        if let workingDirectory {
            try Syscall.check("enter working directory", path: workingDirectory) { chdir(workingDirectory) }
        }
        try privileges?.drop()
    }
}
