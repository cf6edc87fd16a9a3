import CeleryAMQP
package import CeleryCore
import RabbitMQ

extension AMQPBroker: BeatKeeping {
    package func seat(in beat: String, as identity: WorkerIdentity) async throws -> any BeatSeat {
        try await AMQPBeatSeat(broker: self, queues: BeatQueues(beat, type: settings.queueType), identity: identity)
    }

    /// Asks the leader; reads the queue when there is no leader or the leader hangs. Commands are not included.
    package func state(of beat: String) async throws -> BeatState {
        let queues = try BeatQueues(beat, type: settings.queueType)
        let hasLeader = try await hasLeader(queues)
        if hasLeader, let answer = try await link.ask({ (connection, channel) throws(RabbitMQError) in
            try queues.askLeader(connection, on: channel)
        }), let document = BeatDocument(answer) {
            return BeatState(leader: document.leader, records: document.records)
        }
        // A queue that does not exist holds no state.
        guard try await state(of: queues.state.name) != nil else { return BeatState() }
        let messages = try await link.ask { (connection, channel) throws(RabbitMQError) in
            try queues.lookAtState(connection, on: channel)
        }
        guard let document = try queues.document(in: messages, at: location) else { return BeatState() }
        return BeatState(leader: hasLeader ? document.leader : nil, records: document.records)
    }

    package func tell(_ command: LeaderCommand, in beat: String) async throws {
        try await link.publish([BeatQueues(beat, type: settings.queueType).commandPublication(command)])
    }

    /// Whether the lock is held: a message can reach the lock queue although only its owner may read the queue.
    private func hasLeader(_ queues: BeatQueues) async throws -> Bool {
        do {
            try await link.publish([Publication(queues.knock(), isMandatory: true)])
            return true
        } catch let error as DriverError where error.code == .refused {
            return false
        }
    }
}
