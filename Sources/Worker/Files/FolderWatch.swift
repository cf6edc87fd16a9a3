import CeleryCore
import Glibc
import Processes
import Tasks

/// Rings a bell when something happens in the folders of tasks, through `inotify(7)`.
struct FolderWatch: ~Copyable {
    private let bell: Bell
    /// `FileWatcher.add`, unless a test has another.
    private let add: @Sendable (String, UInt32, @escaping @Sendable () -> Void) -> FileWatcher.Registration?
    private var registrations: [FileWatcher.Registration] = []
    /// What is watched.
    private(set) var paths: Set<WatchedPath> = []

    init(_ bell: Bell, add: @escaping @Sendable (String, UInt32, @escaping @Sendable () -> Void) -> FileWatcher.Registration?) {
        self.bell = bell
        self.add = add
    }

    /// Watches these paths and no others from now on. A path may lead to another file or folder than before, so each is
    /// looked up again.
    ///
    /// - Returns: Whether the kernel watches all of them that exist.
    mutating func follow(_ paths: Set<WatchedPath>) -> Bool {
        var isComplete = true
        var added: [FileWatcher.Registration] = []
        for path in paths {
            if let registration = add(path.path, path.role.events, { [bell] in bell.ring() }) {
                added.append(registration)
            } else if access(path.path, F_OK) == 0 {
                isComplete = false
            }
        }
        // Only now, so that no watch in use both before and after ends in between.
        for registration in registrations { FileWatcher.shared.remove(registration) }
        registrations = added
        self.paths = paths
        return isComplete
    }

    deinit {
        for registration in registrations { FileWatcher.shared.remove(registration) }
    }
}

extension WatchedPath.Role {
    /// inotify events. Writes count when the file is closed: see `FileRest`.
    fileprivate var events: UInt32 {
        let names = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
        let itself = IN_DELETE_SELF | IN_MOVE_SELF
        return switch self {
        // Not IN_ATTRIB: a database in this folder has its time stamp set with each commit.
        case .above: UInt32(names | itself)
        case .tasks: UInt32(names | itself | IN_CLOSE_WRITE | IN_ATTRIB)
        case .link: UInt32(itself | IN_CLOSE_WRITE | IN_ATTRIB)
        }
    }
}
