// A time in words, with the exact one for machines and on hover.
import { ago, moment } from "./format";

export function Ago({ time, never = "Never" }: { time: string | null | undefined; never?: string }) {
  return time ? (
    <time dateTime={time} title={moment(time)}>
      {ago(time)}
    </time>
  ) : (
    <>{never}</>
  );
}

export function Moment({ time }: { time: string }) {
  return <time dateTime={time}>{moment(time)}</time>;
}
