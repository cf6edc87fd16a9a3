import CeleryCore
import Tasks

/// The parameters of a map.
struct MapPlan: Sendable {
    let client: Client
    let task: String
    /// The task's own options, if they are known here.
    let taskOptions: TaskOptions?
    let options: SendOptions
    let inputs: MapInputs
    let isOrdered: Bool
    let inFlight: Int?
    let keepsResults: Bool

    /// The message of an input.
    ///
    /// - Parameter number: From 1.
    func message(_ number: Int, _ arguments: TaskArguments, in set: SetNumbering) -> Message {
        var options = options
        options.id = set.member(number)
        options.groupID = set.id
        options.groupIndex = number - 1
        return client.factory.message(task, args: arguments.args, kwargs: arguments.kwargs, options: options, task: taskOptions)
    }
}

/// A result on its way to whoever takes it.
struct MappedItem: WindowItem {
    let number: Int
    let id: TaskID
    /// `nil` if none is stored.
    let result: TaskResult?
    let byteCount: Int

    init(number: Int, id: TaskID, _ result: TaskResult?) {
        self.number = number
        self.id = id
        self.result = result
        byteCount = result.map { $0.value.roughSize + ($0.errorOutput?.utf8.count ?? 0) } ?? 0
    }
}

extension JSON {
    /// Bytes of memory, roughly.
    fileprivate var roughSize: Int {
        switch self {
        case .string(let text), .bigInteger(let text): 16 + text.utf8.count
        case .array(let elements): elements.reduce(16) { $0 + $1.roughSize }
        case .object(let object): object.members.reduce(16) { $0 + $1.key.utf8.count + $1.value.roughSize }
        default: 16
        }
    }
}
