package import CeleryCore

extension TaskFailure {
    /// The module of error types that a program names without one. No module of Python has the name, so that Python's clients
    /// raise a class of its own for each type, as for all unknown ones.
    private static let ownModule = "celery.programs"

    /// The failure that a program declares: `SoldOut`, or with a module `shop.SoldOut`.
    ///
    /// Python's own exceptions keep their module. A program cannot declare the failures by which a worker reports that
    /// a message is unreadable or a process was lost: these get the other module.
    package static func declared(type: String, message: String?) -> TaskFailure {
        let arguments = message.map { [JSON.string($0)] } ?? []
        var failure = TaskFailure(type: type, arguments: arguments, module: pythonExceptions.contains(type) ? "builtins" : ownModule)
        if let dot = type.lastIndex(of: ".") {
            failure.type = String(type[type.index(after: dot)...])
            failure.module = String(type[..<dot])
            if failure.isOfMessage || failure.isLoss { failure.module = ownModule }
        }
        return failure
    }

    /// The failure of a program that asked for a retry and has none left.
    package static func retriesExhausted(task: String, id: TaskID, reason: String?) -> TaskFailure {
        TaskFailure(type: "MaxRetriesExceededError", arguments: [.string(reason ?? "can't retry \(task)[\(id)]")])
    }

    /// Exception classes of Python 3's `builtins`, without warnings and those that are not for `raise` in a task.
    private static let pythonExceptions: Set<String> = [
        "Exception", "ArithmeticError", "AssertionError", "AttributeError", "BlockingIOError", "BrokenPipeError", "BufferError",
        "ChildProcessError", "ConnectionAbortedError", "ConnectionError", "ConnectionRefusedError", "ConnectionResetError",
        "EOFError", "FileExistsError", "FileNotFoundError", "FloatingPointError", "IOError", "ImportError", "IndexError",
        "InterruptedError", "IsADirectoryError", "KeyError", "LookupError", "MemoryError", "ModuleNotFoundError", "NameError",
        "NotADirectoryError", "NotImplementedError", "OSError", "OverflowError", "PermissionError", "ProcessLookupError",
        "RecursionError", "ReferenceError", "RuntimeError", "SyntaxError", "SystemError", "TimeoutError", "TypeError",
        "UnboundLocalError", "ValueError", "ZeroDivisionError",
    ]
}
