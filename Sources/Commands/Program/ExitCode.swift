package import CeleryCore
import Glibc
import Tasks

/// The exit statuses of all commands. Scripts depend on them.
package enum ExitCode {
    package static let done: Int32 = 0
    package static let taskFailed: Int32 = 1
    package static let usage: Int32 = 64
    package static let badData: Int32 = 65
    package static let unreachable: Int32 = 69
    package static let ownBug: Int32 = 70
    package static let cannotCreate: Int32 = 73
    package static let tryAgain: Int32 = 75
    package static let noPermission: Int32 = 77
    package static let configuration: Int32 = 78
    package static let timedOut: Int32 = 124
    package static let revoked: Int32 = 125
    package static let workerLost: Int32 = 126
    package static let unknown: Int32 = 127

    /// The exit status for a final result.
    package static func of(_ result: TaskResult) -> Int32 {
        switch result.state {
        case .success: return done
        case .revoked: return revoked
        case .failure:
            guard let failure = result.failure else { return taskFailed }
            if result.task == CommandTask.name, let status = ofCommand(failure) { return status }
            if let status = failure.programStatus {
                // A signal is negative. Statuses that have another meaning here, or that no program
                // ends with, count as plain failures.
                switch status {
                case -64 ... -1: return Int32(128 - status)
                case 1...123: return Int32(status)
                default: return taskFailed
                }
            }
            if failure.isForMemory { return Int32(TaskFailure.memoryStatus) }
            switch failure.type {
            case "WorkerLostError": return workerLost
            case "NotRegistered": return unknown
            default: return taskFailed
            }
        default: return tryAgain
        }
    }

    /// The exit status for a command that failed: its own, also where other tasks give that number another meaning, or that of a
    /// shell for a command that could not be run; `nil` for other failures.
    private static func ofCommand(_ failure: TaskFailure) -> Int32? {
        if let status = failure.programStatus { return (1...255).contains(status) ? Int32(status) : nil }
        guard failure.module == "builtins" else { return nil }
        switch failure.type {
        case "PermissionError": return noPermission
        case "FileNotFoundError": return 127
        case "OSError": return failure.arguments.first?.intValue == Int(ENOENT) ? 127 : 126
        default: return nil
        }
    }

    /// The exit status for a driver error.
    static func of(_ code: DriverError.Code) -> Int32 {
        switch code {
        case .unreachable: unreachable
        case .noPermission: noPermission
        case .tryAgain: tryAgain
        case .unusable, .refused, .alreadyThere: badData
        case .cannotCreate: cannotCreate
        case .configuration, .unsupported: configuration
        }
    }
}
