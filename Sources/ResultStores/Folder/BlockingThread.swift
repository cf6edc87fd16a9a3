import Processes

/// Runs calls that block, one after the other, apart from the threads of Swift's tasks.
actor BlockingThread {
    private let executor: BlockingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter label: For debuggers.
    init(_ label: String) { executor = BlockingExecutor(label: label) }

    func run<Value: Sendable>(_ body: @Sendable () throws -> Value) rethrows -> Value { try body() }
}
