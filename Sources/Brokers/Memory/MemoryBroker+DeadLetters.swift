package import CeleryCore
import Wire

/// A dead letter.
struct Grave {
    var message: Message
    var burial: Burial

    var letter: DeadLetter {
        DeadLetter(key: message.id.text, taskID: message.id, task: message.task, queue: message.route.queue, burial: burial)
    }

    var content: DeadLetter.Content {
        let encoded = EncodedMessage(message)
        return DeadLetter.Content(
            headers: encoded.headers, properties: encoded.properties ?? [], body: encoded.body, message: message)
    }
}

extension MemoryBroker: DeadLetterKeeping {
    package func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) -> [DeadLetter] {
        indices(filter, limit).map { index in
            var letter = graves[index].letter
            if withContent { letter.content = graves[index].content }
            return letter
        }
    }

    package func bury(_ message: Message, _ burial: Burial) { graves.append(Grave(message: message, burial: burial)) }

    package func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) -> [DeadLetterReplay] {
        var sent: Set<Int> = []
        let replays = indices(filter, limit).map { index -> DeadLetterReplay in
            let grave = graves[index]
            if let refusal = grave.message.refusalOfReplay(now: timeNow()) { return DeadLetterReplay(grave.letter, refusal: refusal) }
            if isInUse(grave.message.id) {
                return DeadLetterReplay(grave.letter, refusal: "task id \(grave.message.id) is already in use: it waits or runs")
            }
            sent.insert(index)
            insert(grave.message.revived(in: queue ?? grave.message.route.queue).counting(attempts: grave.burial.attempts))
            return DeadLetterReplay(grave.letter)
        }
        remove(sent)
        bell.ring()
        return replays
    }

    package func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) -> [DeadLetter] {
        let indices = self.indices(filter, limit)
        let letters = indices.map { graves[$0].letter }
        remove(Set(indices))
        return letters
    }

    package nonisolated func replayClears(_ store: any ResultStore) -> Bool { false }

    private func indices(_ filter: DeadLetterFilter, _ limit: Int) -> [Int] {
        Array(graves.indices.filter { filter.matches(graves[$0].letter) }.prefix(limit))
    }

    private func remove(_ indices: Set<Int>) {
        graves = graves.indices.filter { !indices.contains($0) }.map { graves[$0] }
    }
}
