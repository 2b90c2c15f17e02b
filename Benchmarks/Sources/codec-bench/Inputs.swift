// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The events that the cases read and write.
struct Inputs {
    /// An event as JSON.
    let payload: [UInt8]
    /// A batch of events as JSON.
    let batch: [UInt8]
    /// The event of ``payload``.
    let event: CloudEvent
    /// The events of ``batch``.
    let events: [CloudEvent]

    /// Makes inputs; what is not given is built in.
    init(payload: [UInt8]?, batch: [UInt8]?) throws(CloudEventError) {
        self.payload = payload ?? Array(Self.builtIn(number: 42).utf8)
        self.batch = batch ?? Array("[\((1...100).map(Self.builtIn).joined(separator: ","))]".utf8)
        event = try JSONEventFormat().decode(self.payload)
        events = try JSONEventFormat().decodeBatch(self.batch)
    }

    /// An event of 400 bytes, as a shop would send it.
    private static func builtIn(number: Int) -> String {
        let number = String(String(1_000_000 + number).dropFirst())
        return #"{"specversion":"1.0","id":"8f14e45f-ceea-467f-9a36-dcf2b1\#(number)","source":"/shops/berlin/orders","#
            + #""type":"com.example.shop.order.created","subject":"orders/\#(number)","time":"2026-03-14T15:09:26.535Z","#
            + #""datacontenttype":"application/json","tenant":"acme","#
            + #""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","#
            + #""data":{"total":129.95,"currency":"EUR","items":[{"sku":"A-1001","count":2}]}}"#
    }

    /// The payload with an error at its last byte, which no reader can see before.
    var rejected: [UInt8] {
        let end = payload.lastIndex(of: UInt8(ascii: "}")) ?? payload.startIndex
        return payload[..<end] + [UInt8(ascii: "]")]
    }

    /// The names of the extension attributes of the event, as a program knows those that it reads.
    var extensionNames: [AttributeName] { event.extensions.map(\.name) }
}

// MARK: - Text in other scripts

extension Inputs {
    /// Scripts, each with sentences of it.
    static let scripts = [
        (
            name: "german",
            sentences: [
                "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
                "Die Lieferung für Frau Müller verzögert sich wegen Überflutung der Straße.",
                "Bitte prüfen Sie die Größe und bestätigen Sie den Auftrag bis übermorgen.",
            ]
        ),
        (
            name: "russian",
            sentences: [
                "Съешь же ещё этих мягких французских булок, да выпей чаю.",
                "Ваш заказ передан в службу доставки и будет у вас завтра утром.",
                "Проверьте адрес получателя и подтвердите оплату в личном кабинете.",
            ]
        ),
        (
            name: "japanese",
            sentences: [
                "いろはにほへと散りぬるを、我が世誰ぞ常ならむ。",
                "ご注文の商品は本日発送され、明日の午前中にお届けする予定です。",
                "お届け先の住所と電話番号をもう一度ご確認ください。",
            ]
        ),
        (name: "emoji", sentences: ["🎉🚀😀🌍🍣🎂🐳🦊", "👍🏽🔥💡📦🚚🏠✅🙏", "🌈🌧🌞🍎🍋🥝🍇🍉"]),
    ]

    /// An event as JSON whose data is an object with 16 KB of text.
    static func event(with sentences: [String]) -> [UInt8] {
        let start =
            #"{"specversion":"1.0","id":"1","source":"/texts","type":"com.example.text","#
            + #""datacontenttype":"application/json","data":{"lines":["#
        let end = "]}}"
        var lines: [String] = []
        var size = #"{"lines":[]}"#.utf8.count
        while size < 16 << 10 {
            let line = #""\#(sentences[lines.count % sentences.count])""#
            lines.append(line)
            size += line.utf8.count + 1
        }
        return Array((start + lines.joined(separator: ",") + end).utf8)
    }
}
