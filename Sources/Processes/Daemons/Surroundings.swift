import Glibc

/// Where and as whom a process is to run.
package struct Surroundings: Sendable {
    /// Seen from the new root, if there is one.
    package var workingDirectory: String?
    /// Permission bits that new files do not get.
    package var umask: UInt32?
    /// The folder that becomes `/`. It needs `/proc` and the libraries in it for pool children to start.
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

    /// Applies the umask alone, which is to come before pidfile and log file are created.
    ///
    /// The corresponding C function is `umask`.
    package func applyMask() {
        if let umask { _ = Glibc.umask(umask) }
    }

    /// Applies everything, from what needs the most rights to the giving up of them. Open pidfile and log file and
    /// make paths absolute before.
    ///
    /// The corresponding C functions are `umask`, `chroot` and `chdir`, then those of `Privileges.drop`.
    package func apply() throws(SystemError) {
        applyMask()
        if let root {
            try Syscall.check("change root to", path: root) { chroot(root) }
            // Without this the old tree could still be reached through the current folder.
            try Syscall.check("enter", path: "/") { chdir("/") }
        }
        if let workingDirectory {
            try Syscall.check("enter working directory", path: workingDirectory) { chdir(workingDirectory) }
        }
        try privileges?.drop()
    }
}
