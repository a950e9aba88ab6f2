declare module 'tfs-magics-style' {
  const style: string;
  export default style;
}
